export default function Page(_: { run: string; path: string }) {
  return <p>…</p>;
}
