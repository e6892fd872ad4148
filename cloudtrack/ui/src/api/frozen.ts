/** A frozen export: the answers lie beside the page as files, and what makes answers of them is loaded only there. */

let isOne: boolean | null = null;

export function isFrozen(): boolean {
  isOne ??= document.querySelector('meta[name="cloudtrack-frozen"]') !== null;
  return isOne;
}

/** The answer to a request, from what was kept; the very same object for the same address. Raises ApiError 404 NOT_FROZEN for what is not part of the export. */
export async function frozenAnswer(path: string, address: string): Promise<unknown> {
  const { answerOf } = await import("./frozen/answers");
  return answerOf(path, address);
}
