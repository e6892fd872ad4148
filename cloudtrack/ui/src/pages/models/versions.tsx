export default function Page(_: { name: string; a: string; b: string; query: ReadonlyMap<string, string> }) {
  return <p>…</p>;
}
