/** A picture, only ever as a picture: drawings with scripts in them run none. */

import { useState } from "preact/hooks";
import { useLoaded } from "../app/data";
import { Failure } from "../app/failure";
import { Button, Skeleton } from "../app/parts";
import { nameOf } from "../lib/folders";
import type { PreviewProps } from "./file-pane";
import { addressOf, sourceKey } from "./source";

const ZOOMS = [0.1, 0.25, 0.5, 1, 2, 4, 8, 16];

export default function ImagePreview({ source, entry }: PreviewProps) {
  const address = useLoaded(`image ${sourceKey(source)} ${entry.path} ${entry.etag ?? entry.size}`, (signal) => addressOf(source, entry.path, "inline", signal));
  const [zoom, setZoom] = useState(0); // 0: as much as fits
  const [size, setSize] = useState<{ width: number; height: number } | null>(null);
  const [failed, setFailed] = useState(false);
  if (address.error) return <Failure error={address.error} retry={address.refresh} what="picture" />;
  if (!address.data) return <Skeleton rows={8} what={nameOf(entry.path)} />;
  const step = (way: 1 | -1): void => {
    const now = zoom || 1;
    setZoom((way > 0 ? ZOOMS.find((each) => each > now) : ZOOMS.findLast((each) => each < now)) ?? now);
  };
  return (
    <>
      <div class="file-bar">
        <Button pressed={zoom === 0} onClick={() => setZoom(0)}>Fit</Button>
        <Button pressed={zoom === 1} onClick={() => setZoom(1)}>100%</Button>
        <Button label="Smaller" onClick={() => step(-1)}>−</Button>
        <Button label="Larger" onClick={() => step(1)}>+</Button>
        {zoom > 0 && <span class="note num">{zoom * 100}%</span>}
        {size && <span class="note num">{size.width} × {size.height}</span>}
      </div>
      {failed ? <p class="problem">The browser cannot show this picture. Download it.</p> : (
        // biome-ignore lint: a region that scrolls must be reachable by keyboard
        <div class={`picture ${zoom ? "" : "fit"}`} tabIndex={0} role="group" aria-label="Picture">
          <img
            src={address.data.url} alt={entry.path}
            style={zoom && size ? { width: `${size.width * zoom}px`, height: `${size.height * zoom}px`, imageRendering: zoom > 1 ? "pixelated" : "auto" } : undefined}
            onLoad={(event) => setSize({ width: event.currentTarget.naturalWidth, height: event.currentTarget.naturalHeight })}
            onError={() => setFailed(true)}
          />
        </div>
      )}
    </>
  );
}
