/** Two texts beside each other. */

export function TextDiff({ left, right, leftName, rightName }: { left: string; right: string; leftName: string; rightName: string }) {
  return (
    <div class="text-diff">
      <figure><figcaption>{leftName}</figcaption><pre tabIndex={0}>{left}</pre></figure>
      <figure><figcaption>{rightName}</figcaption><pre tabIndex={0}>{right}</pre></figure>
    </div>
  );
}
