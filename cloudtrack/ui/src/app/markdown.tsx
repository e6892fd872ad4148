/** A description: paragraphs as they were typed. */

export function MarkdownView({ text }: { text: string }) {
  return (
    <div class="markdown">
      {text.split(/\n{2,}/).map((part, at) => <p key={at}>{part}</p>)}
    </div>
  );
}
