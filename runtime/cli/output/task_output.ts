/**
 * The direct output of tasks (console.log, process.stdout) that run in our process:
 * masked, and kept out of a JSON document.
 */

/**
 * Runs `work` while all output of the process goes through `mask`; with `toStderr` none
 * of it reaches stdout. Text without a line break waits for the rest of its line, so that
 * no secret is printed unmasked in two parts.
 */
export async function withTaskOutput<Result>(
  { mask, toStderr }: { readonly mask: (text: string) => string; readonly toStderr: boolean },
  work: () => Promise<Result>,
): Promise<Result> {
  const restore = [
    redirect(process.stdout, toStderr ? process.stderr : process.stdout, mask),
    redirect(process.stderr, process.stderr, mask),
  ];
  try {
    return await work();
  } finally {
    for (const back of restore) back();
  }
}

function redirect(
  from: NodeJS.WriteStream,
  to: NodeJS.WriteStream,
  mask: (text: string) => string,
): () => void {
  const [original, write] = [from.write, to.write.bind(to)];
  let unfinished = "";
  const flush = (text: string): void => void (text !== "" && write(mask(text)));
  from.write = ((chunk: string | Uint8Array, encoding?: unknown, done?: unknown): boolean => {
    const lines =
      unfinished + (typeof chunk === "string" ? chunk : Buffer.from(chunk).toString("utf8"));
    const end = lines.lastIndexOf("\n") + 1;
    flush(lines.slice(0, end));
    unfinished = lines.slice(end);
    const callback = typeof encoding === "function" ? encoding : done;
    if (typeof callback === "function") process.nextTick(callback as () => void);
    return true;
  }) as typeof from.write;
  return () => {
    flush(unfinished);
    from.write = original;
  };
}
