"""Who may do what: principals, API tokens and OIDC tokens, and the permissions of one policy document."""
