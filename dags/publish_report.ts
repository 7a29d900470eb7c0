/**
 * Publishes the report of a day when a person approves it: the question shows the numbers,
 * and a report that is rejected, or that gets no answer, is archived. After Airflow's
 * example of HITL operators.
 */
import { dag } from "dagsmith";
import { z } from "zod";

const d = dag("publish_report", {
  tags: ["example"],
  params: z.object({ orders: z.int().min(0).default(120), refunds: z.int().min(0).default(7) }),
});

const report = d.task("write_report", ({ params, logicalDate }) => ({
  day: logicalDate.toISODate(),
  orders: params.orders,
  refundRate: params.orders === 0 ? 0 : params.refunds / params.orders,
}));

const approval = d.ask("approve", {
  inputs: { report },
  subject: ({ inputs }) => `Publish the report of ${inputs.report.day}?`,
  body: ({ inputs: { report } }) =>
    `${report.orders} orders, ${(100 * report.refundRate).toFixed(1)} % refunds.`,
  options: ["publish", "reject"],
  form: z.object({ note: z.string().max(500).default("") }),
  timeout: "2d",
  otherwise: { option: "reject", form: { note: "no answer in time" } },
});

const publish = d.task(
  "publish",
  { inputs: { report, approval } },
  ({ inputs }) => `published ${inputs.report.day}: ${inputs.approval.form.note}`,
);
const archive = d.task(
  "archive",
  { inputs: { report, approval } },
  ({ inputs }) => `archived ${inputs.report.day}: ${inputs.approval.form.note}`,
);
d.switch(
  "decide",
  { inputs: { approval }, cases: { publish, reject: archive } },
  ({ inputs }) => inputs.approval.option,
);

export default d;
