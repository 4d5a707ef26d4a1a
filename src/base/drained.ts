/** Runs a generator to its end and gives what it returns; what it yields on the way is passed over. */
export async function drained<Result>(generator: AsyncGenerator<unknown, Result>): Promise<Result> {
  for (;;) {
    const next = await generator.next();
    if (next.done) return next.value;
  }
}
