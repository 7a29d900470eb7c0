"""Everything at once."""
from datetime import datetime, timedelta
import pendulum
from airflow import DAG
from airflow.decorators import dag, task, task_group
from airflow.models import Variable
from airflow.models.baseoperator import chain, cross_downstream
from airflow.operators.bash import BashOperator
from airflow.operators.email import EmailOperator
from airflow.operators.empty import EmptyOperator
from airflow.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.providers.common.sql.sensors.sql import SqlSensor
from airflow.providers.docker.operators.docker import DockerOperator
from airflow.providers.http.operators.http import HttpOperator
from airflow.providers.http.sensors.http import HttpSensor
from airflow.providers.slack.operators.slack_webhook import SlackWebhookOperator
from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor
from airflow.providers.amazon.aws.operators.s3 import S3CopyObjectOperator, S3DeleteObjectsOperator, S3CreateObjectOperator
from airflow.sensors.external_task import ExternalTaskSensor
from airflow.utils.task_group import TaskGroup
from airflow.utils.trigger_rule import TriggerRule

default_args = {"owner": "me", "retries": 2, "retry_delay": timedelta(minutes=5), "trigger_rule": TriggerRule.ALL_DONE}
with DAG(
    "orders",
    schedule="0 5 * * 1-5",
    start_date=pendulum.datetime(2024, 1, 1, tz="Europe/Berlin"),
    default_args=default_args,
    params={"region": "eu", "limit": 10, "tables": ["a"], "flag": True, "opts": {"a": 1}},
    doc_md="""# Orders
with `code` and ${x}""",
) as d:
    start = EmptyOperator(task_id="start")
    fetch = BashOperator(task_id="fetch", bash_command="curl '{{ params.region }}/{{ ds }}' \"{{ var.value.host }}\" $HOME {{ params.tables }} `ls` \\\n next", env={"A": "{{ ts }}"}, cwd="/tmp")
    sql = SQLExecuteQueryOperator(task_id="sql", conn_id="lake", sql="delete from {{ params.region }} where day = '{{ ds }}' and x = 'a;b'; insert into t values ({{ params.limit }});")
    seen = SqlSensor(task_id="seen", conn_id="lake", sql="select 1 from t where a = '{{ data_interval_end | ds }}T00'", timeout=600, poke_interval=30)
    http = HttpOperator(task_id="http", http_conn_id="api", endpoint="/x/{{ ds_nodash }}", method="GET", data={"a": "{{ params.limit }}"}, headers={"X": "y"})
    hs = HttpSensor(task_id="hs", endpoint="ping", mode="reschedule", soft_fail=True)
    s3 = S3KeySensor(task_id="s3", bucket_name="b", bucket_key=["a", "b/{{ ds }}"])
    s3b = S3KeySensor(task_id="s3b", bucket_key="s3://b/k.csv", aws_conn_id="s3")
    cp = S3CopyObjectOperator(task_id="cp", source_bucket_name="a", source_bucket_key="k/{{ ds }}", dest_bucket_name="b", dest_bucket_key="k")
    rm = S3DeleteObjectsOperator(task_id="rm", bucket="a", keys=["x", "{{ params.opts }}"])
    mk = S3CreateObjectOperator(task_id="mk", s3_bucket="a", s3_key="k", data="hello {{ run_id }}")
    dk = DockerOperator(task_id="dk", image="img:{{ params.region }}", command="run {{ ds }}", environment={"A": "{{ params.limit }}"}, auto_remove="success")
    dk2 = DockerOperator(task_id="dk2", image="img", command=["a", "{{ params.opts }}"])
    sl = SlackWebhookOperator(task_id="sl", slack_webhook_conn_id="ops", message="done {{ ds }}")
    em = EmailOperator(task_id="em", to=["ada@example.org", "bob@example.org"], subject="s {{ ds }}", html_content="<b>{{ ti.xcom_pull(task_ids='fetch') }}</b>", trigger_rule="none_failed_or_skipped")
    tr = TriggerDagRunOperator(task_id="tr", trigger_dag_id="other", conf={"day": "{{ ds }}", "n": "{{ dag_run.conf['n'] }}"}, wait_for_completion=True)
    ext = ExternalTaskSensor(task_id="ext", external_dag_id="other", external_task_id="x", execution_delta=timedelta(hours=1), timeout=3600)
    mapped = BashOperator.partial(task_id="mapped", max_active_tis_per_dagrun=2).expand(bash_command=["echo 1", "echo 2"])
    mapped2 = BashOperator.partial(task_id="mapped2", bash_command="echo $A").expand(env=[{"A": "1"}])
    nxt = TriggerDagRunOperator.partial(task_id="many", trigger_dag_id="other").expand(conf=[{"a": 1}, {"a": 2}])
    with TaskGroup("extract", tooltip="tip") as g:
        ids = []
        for name in ["a", "b"]:
            ids.append(BashOperator(task_id=f"load_{name}", bash_command=f"load {name}", pool="db"))
        with TaskGroup("inner", prefix_group_id=False):
            x = EmptyOperator(task_id="x")
        ids >> x
    start >> fetch >> [sql, seen] >> http
    chain(hs, [s3, s3b], [cp, rm], mk)
    cross_downstream([dk, dk2], [sl, em])
    g >> tr
    tr.set_downstream(ext)
    x >> mapped
    start >> g

@dag(schedule=timedelta(hours=6), start_date=datetime(2024, 1, 1), catchup=False, default_args={"retries": 1})
def flow(size: int = 3, name="x"):
    @task
    def numbers(n):
        return list(range(n))
    @task(retries=3)
    def double(x, factor):
        return x * factor
    @task.branch
    def choose(xs):
        return "a"
    @task.short_circuit(trigger_rule="all_done")
    def stop():
        return False
    @task_group
    def each(x, y):
        @task
        def one(v):
            return v
        b = BashOperator(task_id="b", bash_command=f"echo {x}")
        a = one(x)
        a >> b
        return a
    n = numbers(size)
    doubled = double.partial(factor=2).expand(x=n)
    many = double.override(task_id="both").expand(x=[1, 2], factor=[3, 4])
    c = choose(doubled)
    e = each.partial(y=1).expand(x=n)
    e2 = each.override(group_id="pairs").expand(x=[1, 2], y=["a", "b"])
    after = numbers.override(task_id="after")(many)
    e >> after
    c >> [stop(), after]
    say = BashOperator(task_id="say", bash_command="echo {{ params.size }} {{ params.name }}")
    numbers(n) >> say
flow()
