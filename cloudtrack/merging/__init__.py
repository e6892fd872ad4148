"""How two stores become one: what of each kind of object is brought to the other store, and what is a conflict."""
