/** A page that a run logged, with its scripts, in a frame that reaches nothing: no cookie, no API, no page around it. */

import { isFrozen } from "../api/frozen";
import { useLoaded } from "../app/data";
import { Failure } from "../app/failure";
import { Skeleton } from "../app/parts";
import { nameOf } from "../lib/folders";
import type { PreviewProps } from "./file-pane";
import { addressOf, sourceKey } from "./source";

export default function HtmlPreview({ source, entry }: PreviewProps) {
  const address = useLoaded(`html ${sourceKey(source)} ${entry.path} ${entry.etag ?? entry.size}`, (signal) => addressOf(source, entry.path, "render", signal));
  if (address.error) return <Failure error={address.error} retry={address.refresh} what="page" />;
  if (!address.data) return <Skeleton rows={12} what={nameOf(entry.path)} />;
  return (
    <>
      <p class="banner">Interactive content, isolated{isFrozen() ? " from this page" : ": it reaches nothing outside itself"}.</p>
      <iframe class="rendered" sandbox="allow-scripts" src={address.data.url} title={nameOf(entry.path)} referrerpolicy="no-referrer" />
    </>
  );
}
