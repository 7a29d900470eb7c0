/** Asks again and again until there is an answer, for commands that wait for something to happen. */

export interface PollOptions {
  /** The first pause, in milliseconds; each further one is half as long again, up to `longestMs`. */
  readonly firstMs: number;
  /** Default: `firstMs`, so that all pauses are equal. */
  readonly longestMs?: number;
}

/**
 * @param ask undefined: not yet
 * @returns the first answer
 * @throws Error what `ask` throws
 */
export async function poll<Answer>(
  ask: () => Promise<Answer | undefined>,
  { firstMs, longestMs = firstMs }: PollOptions,
): Promise<Answer> {
  for (let pauseMs = firstMs; ; pauseMs = Math.min(longestMs, pauseMs * 1.5)) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
