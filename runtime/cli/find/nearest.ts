/** Finds the name that was probably meant. */

/** The candidate with the fewest edits from `name`; undefined when none is similar. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  const allowed = Math.max(2, Math.floor(name.length * 0.4));
  const scored = candidates.map((candidate) => ({
    candidate,
    distance: distance(name.toLowerCase(), candidate.toLowerCase()),
  }));
  const best = scored.toSorted((a, b) => a.distance - b.distance)[0];
  if (best && best.distance <= allowed) return best.candidate;
  return candidates.find((candidate) => name.length >= 3 && candidate.includes(name));
}

/** "Did you mean …?", or all names. */
export function hint(name: string, candidates: readonly string[]): string {
  const near = nearest(name, candidates);
  if (near !== undefined) return `Did you mean "${near}"?`;
  if (candidates.length === 0) return "There are no DAGs yet.";
  const shown = candidates.slice(0, 10).join(", ");
  return `There ${candidates.length === 1 ? "is" : "are"}: ${shown}${candidates.length > 10 ? ` and ${candidates.length - 10} more` : ""}.`;
}

/** Levenshtein: insertions, deletions and replacements. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, left] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, right] of [...b].entries()) {
      next.push(
        Math.min(
          (row[j] ?? 0) + (left === right ? 0 : 1),
          (row[j + 1] ?? 0) + 1,
          (next[j] ?? 0) + 1,
        ),
      );
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
