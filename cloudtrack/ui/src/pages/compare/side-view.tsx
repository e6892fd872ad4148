import type { Runs } from "../runs/model";

export default function View(_: { runs: Runs }) {
  return <p>…</p>;
}
