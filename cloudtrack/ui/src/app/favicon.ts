/** The page's icon, with a dot in it while something runs. */

const END = "%3C/svg%3E";
const DOT = "%3Ccircle cx=%2223%22 cy=%2223%22 r=%228%22 fill=%22%23f5a524%22 stroke=%22%23fff%22 stroke-width=%222%22/%3E";
let plain = "";

export function showRunning(running: boolean): void {
  const link = document.querySelector<HTMLLinkElement>("link[rel=icon]");
  if (!link) return;
  plain ||= link.href;
  const next = running ? withDot(plain) : plain;
  if (link.href !== next) link.href = next;
}

/** The address of a picture, a `data:` URL of an SVG of 32 x 32, with a dot drawn last; any other as it is. */
export function withDot(address: string): string {
  return address.startsWith("data:image/svg+xml,") && address.endsWith(END) ? address.slice(0, -END.length) + DOT + END : address;
}
