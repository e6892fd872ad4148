/** Where a commit can be looked at on the web; null for repositories that are not there. */

export function commitLink(repository: string | undefined, commit: string): string | null {
  const ssh = /^(?:ssh:\/\/)?git@([\w.-]+)[:/](.+)$/.exec(repository ?? "");
  const base = (ssh ? `https://${ssh[1]}/${ssh[2]}` : (repository ?? "")).replace(/\.git$/, "").replace(/\/$/, "");
  if (!/^https?:\/\/[\w.-]+\/\S+$/.test(base) || !/^[0-9a-f]{7,64}$/.test(commit)) return null;
  return `${base}/commit/${commit}`;
}
