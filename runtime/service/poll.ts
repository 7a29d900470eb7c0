/**
 * Calls a function again and again until it gives an answer, for commands that wait for
 * an event.
 */

export interface PollOptions {
  /**
   * The first pause, in milliseconds. Each further pause is one and a half times as long,
   * up to `longestMs`.
   */
  readonly firstMs: number;
  /** Default: `firstMs`, so that all pauses are equal. */
  readonly longestMs?: number;
}

/**
 * @param ask returns undefined when there is no answer yet
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
