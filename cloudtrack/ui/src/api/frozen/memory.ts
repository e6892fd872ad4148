/** The last answers, each asked for once; what failed is asked for again. */

export class Memory<T> {
  private readonly known = new Map<string, Promise<T>>();

  constructor(private readonly most: number) {}

  get(key: string, load: (key: string) => Promise<T>): Promise<T> {
    const there = this.known.get(key);
    const answer = there ?? load(key);
    this.known.delete(key);
    this.known.set(key, answer);
    if (!there) {
      answer.catch(() => this.known.delete(key));
      if (this.known.size > this.most) this.known.delete(this.known.keys().next().value as string);
    }
    return answer;
  }
}
