export default function Page(_: { name: string; tab: string; query: ReadonlyMap<string, string> }) {
  return <p>…</p>;
}
