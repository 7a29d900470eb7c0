/** What this process asks of the database, by the name of the statement. */
import pg from "pg";

export interface StatementUse {
  readonly name: string;
  readonly count: number;
  /** From sending to the answer, summed over all. */
  readonly ms: number;
}

type Query = (this: pg.Client, ...args: unknown[]) => unknown;

/** Watches every client of this process until it is disposed of. */
export function watchStatements(): Disposable & { used(): readonly StatementUse[] } {
  const uses = new Map<string, { count: number; ms: number }>();
  const prototype = pg.Client.prototype as unknown as { query: Query };
  const { query } = prototype;
  prototype.query = function (...args) {
    const sentAt = performance.now();
    const answer = query.apply(this, args);
    const use = uses.get(nameOf(args[0])) ?? { count: 0, ms: 0 };
    uses.set(nameOf(args[0]), use);
    use.count += 1;
    const note = (): void => {
      use.ms += performance.now() - sentAt;
    };
    if (answer instanceof Promise) answer.then(note, note);
    return answer;
  };
  return {
    used: () =>
      [...uses].map(([name, use]) => ({ name, ...use })).toSorted((a, b) => b.count - a.count),
    [Symbol.dispose]: () => {
      prototype.query = query;
    },
  };
}

/** The statements of graphile-worker have names too, but they do not say much. */
function nameOf(statement: unknown): string {
  const { name, text } =
    typeof statement === "string"
      ? { name: undefined, text: statement }
      : (statement as { readonly name?: string; readonly text: string });
  if (name !== undefined && !name.includes("/")) return name;
  return text.trim().replaceAll(/\s+/g, " ").slice(0, 60);
}
