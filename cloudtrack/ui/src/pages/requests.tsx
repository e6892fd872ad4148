export default function Page(_: { query: ReadonlyMap<string, string> }) {
  return <p>…</p>;
}
