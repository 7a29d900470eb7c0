/** How urgent each task of a graph is. */
import { z } from "zod";
import { planOf } from "../../../runtime/engine/plan/plan_of.ts";
import { dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { area } from "../area.ts";
import { wire } from "./graph.ts";

const TASK = z.object({ id: z.string(), upstream: z.array(z.string()), priority_weight: z.int() });

export const priorityWeight = area(
  z.object({
    weight_rule: z.enum(["downstream", "upstream", "absolute"]),
    tasks: z.array(TASK).min(1),
  }),
  ({ weight_rule: weightRule, tasks }) => {
    const d = dag("case");
    wire(tasks, ({ id, priority_weight: priorityWeight }) =>
      d.task(id, { priorityWeight, weightRule }, () => null),
    );
    return {
      effective: Object.fromEntries(
        [...planOf(describeDag(d)).tasks].map(([id, { route }]) => [id, route.weight]),
      ),
    };
  },
);
