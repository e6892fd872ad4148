/** Several versions of a model in an address. */

/** The numbers of an address, such as 1.2.3, each once. */
export function numbersOf(text: string): string[] {
  return [...new Set(text.split(".").filter((each) => /^\d+$/.test(each)))];
}

/** The part of an address for these versions: two are compared in depth, more in a table. */
export function placeOf(versions: readonly (string | number)[]): string {
  return versions.join(versions.length === 2 ? ".." : ".");
}
