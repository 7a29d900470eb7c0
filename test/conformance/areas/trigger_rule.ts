/** What a trigger rule says of the tasks before a task. */
import { z } from "zod";
import { judge, type UpstreamCounts } from "../../../runtime/state/trigger_rule.ts";
import { TRIGGER_RULES, type TriggerRule } from "../../../sdk/spec/index.ts";
import { area, NotSupported } from "../area.ts";

const FINAL = ["success", "failed", "skipped", "upstream_failed", "removed"] as const;
const STATES = [
  ...FINAL,
  "none",
  "scheduled",
  "queued",
  "running",
  "up_for_retry",
  "up_for_reschedule",
  "deferred",
] as const;
const UPSTREAM = z.object({ state: z.enum(STATES), setup: z.boolean().optional() });
type Upstream = z.infer<typeof UPSTREAM>;

export const triggerRule = area(
  z.object({ rule: z.string(), upstream: z.array(UPSTREAM) }),
  ({ rule, upstream }) => ({
    outcome: judge(
      ruleOf(rule),
      countsOf(upstream),
      countsOf(upstream.filter(({ setup }) => setup === true)),
    ),
  }),
);

function ruleOf(name: string): TriggerRule {
  const rule = TRIGGER_RULES.find((known) => known === name);
  if (!rule) throw new NotSupported(`the trigger rule ${name}`);
  return rule;
}

function countsOf(upstream: readonly Upstream[]): UpstreamCounts {
  const of = (wanted: (typeof FINAL)[number]): number =>
    upstream.filter(({ state }) => state === wanted).length;
  return {
    total: upstream.length,
    success: of("success"),
    failed: of("failed"),
    skipped: of("skipped"),
    upstreamFailed: of("upstream_failed"),
    removed: of("removed"),
  };
}
