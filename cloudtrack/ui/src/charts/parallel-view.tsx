import type { Runs } from "../pages/runs/model";

export default function View(_: { runs: Runs }) {
  return <p>…</p>;
}
