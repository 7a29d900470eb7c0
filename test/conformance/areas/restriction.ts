/** The bounds that the dates of a DAG and its tasks set. */
import { z } from "zod";
import { restrictionOf } from "../../../runtime/timetable/index.ts";
import { dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { area } from "../area.ts";
import { sameRuns } from "./schedule.ts";

const DATE = z.string().nullable().optional();
const TASK = z.object({ start_date: DATE, end_date: DATE });

export const timeRestriction = area(
  z.object({
    dag_start_date: DATE,
    dag_end_date: DATE,
    catchup: z.boolean(),
    tasks: z.array(TASK),
  }),
  ({ dag_start_date, dag_end_date, catchup, tasks }) => {
    const d = dag("case", { catchup, ...dates(dag_start_date, dag_end_date) });
    for (const [index, task] of tasks.entries())
      d.task(`task_${index}`, dates(task.start_date, task.end_date), () => null);
    const { earliest, latest } = restrictionOf(describeDag(d));
    return { earliest, latest };
  },
  sameRuns,
);

function dates(
  start: string | null | undefined,
  end: string | null | undefined,
): { startDate?: string; endDate?: string } {
  return { ...(start ? { startDate: start } : {}), ...(end ? { endDate: end } : {}) };
}
