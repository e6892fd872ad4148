export default function Page(_: { name: string; query: ReadonlyMap<string, string> }) {
  return <p>…</p>;
}
