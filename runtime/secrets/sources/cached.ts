/**
 * Remembers the answers of a source that is asked over the network, for a short while.
 */
import type { SecretSource } from "./source.ts";

/** How long a changed secret may stay unseen. */
const KEPT_MS = 60_000;
/** More names than a deployment has. */
const MOST_KEPT = 10_000;

interface Kept<Value> {
  readonly answer: Promise<Value>;
  readonly until: number;
}

/**
 * The same source, which answers from memory for a minute, also that it has no such
 * secret. Errors are not remembered. Callers at the same time share one request.
 */
export function cached(
  source: SecretSource,
  now: () => number = () => performance.now(),
): SecretSource {
  return {
    ...source,
    connection: remembered(source.connection, now),
    variable: remembered(source.variable, now),
  };
}

function remembered<Value>(
  ask: (id: string) => Promise<Value>,
  now: () => number,
): (id: string) => Promise<Value> {
  const kept = new Map<string, Kept<Value>>();
  return (id) => {
    const known = kept.get(id);
    if (known && known.until > now()) return known.answer;
    if (kept.size >= MOST_KEPT) kept.clear();
    const answer = ask(id);
    const entry = { answer, until: now() + KEPT_MS };
    kept.set(id, entry);
    answer.catch(() => kept.get(id) === entry && kept.delete(id));
    return answer;
  };
}
