export default function Page(_: { experiment: string; run: string; tab: string; path: string; query: ReadonlyMap<string, string> }) {
  return <p>…</p>;
}
