/** A Markdown file, with its pictures and links to files beside it. */

import { useLoaded } from "../app/data";
import { Failure } from "../app/failure";
import { MarkdownView } from "../app/markdown";
import { Skeleton } from "../app/parts";
import { nameOf, parentOf } from "../lib/folders";
import { beside } from "../lib/beside";
import type { PreviewProps } from "./file-pane";
import { addressOf, readText, type Source, sourceKey } from "./source";

export default function MarkdownPreview({ source, entry, linkTo }: PreviewProps) {
  const text = useLoaded(`markdown ${sourceKey(source)} ${entry.path} ${entry.etag ?? entry.size}`, (signal) => readText(source, entry.path, signal));
  if (text.error) return <Failure error={text.error} retry={text.refresh} what="file" />;
  if (text.data === null) return <Skeleton rows={10} what={nameOf(entry.path)} />;
  return <MarkdownView text={text.data} {...besides(source, parentOf(entry.path), linkTo)} />;
}

/** Pictures and links of a text in a folder. */
export function besides(source: Source, folder: string, linkTo: (path: string) => string) {
  return {
    image: async (path: string): Promise<string> => (await addressOf(source, beside(folder, path) ?? path)).url,
    link: (path: string): string | null => {
      const found = beside(folder, path);
      return found ? linkTo(found) : null;
    },
  };
}
