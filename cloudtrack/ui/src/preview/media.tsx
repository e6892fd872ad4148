/** Sound, film and PDF, shown by the browser itself, which loads what it needs of them. */

import { useState } from "preact/hooks";
import { useLoaded } from "../app/data";
import { Failure } from "../app/failure";
import { Skeleton } from "../app/parts";
import { kindOf } from "../lib/file-kinds";
import { nameOf } from "../lib/folders";
import { relative } from "../lib/url";
import type { PreviewProps } from "./file-pane";
import { addressOf, sourceKey } from "./source";

export default function MediaPreview({ source, entry }: PreviewProps) {
  const address = useLoaded(`media ${sourceKey(source)} ${entry.path} ${entry.etag ?? entry.size}`, (signal) => addressOf(source, entry.path, "inline", signal));
  const [failed, setFailed] = useState(false);
  if (address.error) return <Failure error={address.error} retry={address.refresh} what="file" />;
  if (failed) return <p class="problem">The browser cannot play this file. Download it.</p>;
  if (!address.data) return <Skeleton rows={6} what={nameOf(entry.path)} />;
  const { url } = address.data;
  switch (kindOf(entry.path)) {
    // biome-ignore lint: logged sounds and films have no captions
    case "audio": return <audio class="media" controls preload="metadata" src={url} onError={() => setFailed(true)} />;
    // biome-ignore lint: as above
    case "video": return <video class="media" controls preload="metadata" src={url} onError={() => setFailed(true)} />;
    default:
      // Only this server's own answers are framed: a bucket's say nothing of what may be done with them.
      return url.startsWith(relative("./"))
        ? <iframe class="rendered" src={url} title={nameOf(entry.path)} />
        : <p class="note">Open the file in a tab of its own, or download it.</p>;
  }
}
