export default function Page(_: { name: string; version: string; tab: string; path: string; query: ReadonlyMap<string, string> }) {
  return <p>…</p>;
}
