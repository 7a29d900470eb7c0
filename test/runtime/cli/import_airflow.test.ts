import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newProject, type Project } from "../../support/cli.ts";

const ORDERS = `from airflow import DAG
from airflow.operators.bash import BashOperator
with DAG("orders"):
    BashOperator(task_id="list", bash_command="ls") >> OddOperator(task_id="odd")
`;

let project: Project;
beforeAll(async () => {
  const everything = readFileSync("test/runtime/import_airflow/everything.py", "utf8");
  project = await newProject({ "orders.py": ORDERS, "all.py": everything, "not.py": "if\n" });
});
afterAll(() => project.remove());

describe("dag import airflow", () => {
  test("refuses a file that is missing, and one that is not Python", async () => {
    const missing = await project.dag(["import", "airflow", "none.py"]);
    expect(missing).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("none.py cannot be read"),
    });
    const wrong = await project.dag(["import", "airflow", "not.py"]);
    expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining("not.py:1: ") });
  });

  test("refuses two files with the same DAG, and writes neither", async () => {
    const { code, stderr } = await project.dag(["import", "airflow", "orders.py", "all.py"]);
    expect(code).toBe(1);
    expect(stderr).toContain('The DAG id "orders" is used twice: orders.py and all.py');
  });

  test("reports what is left, and replaces no file", async () => {
    const { code, stdout } = await project.dag(["import", "airflow", "orders.py", "--out", "one"]);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: [
        "wrote one/orders.ts: DAG orders, 1 of 2 tasks are complete",
        "  orders.py:4: task odd: OddOperator has no counterpart in dagsmith",
        "",
        "1 DAG, 2 tasks: 1 complete, 1 with TODO",
        "",
      ].join("\n"),
    });
    const again = await project.dag(["import", "airflow", "orders.py", "--out", "one"]);
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining("orders.ts") });
  });

  test("writes DAGs that dag check accepts", async () => {
    const report = await project.json(["import", "airflow", "all.py", "--out", "two"]);
    expect(report).toMatchObject({ dags: 2, tasks: 35, carried: 25 });
    const { stdout } = await project.dag(["check", "two"]);
    expect(stdout).toContain("✔ 2 DAGs, 0 errors");
  });
});
