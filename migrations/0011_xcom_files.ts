/** Values that tasks leave which are too large for a row: they lie in files, and rows say where. */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
-- A file in the folder of large values. It is written down before the file is written, so that none is ever forgotten.
create table dagsmith.xcom_file (
  name text primary key check (name ~ '^[0-9a-f-]{36}$'),
  bytes bigint not null check (bytes > 0),
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  -- Claimed: about to be named by a value. Kept: named by one. Released: that value is gone, and the file is to go.
  state text not null default 'claimed' check (state in ('claimed', 'kept', 'released')),
  created_at timestamptz not null default now()
);
create index xcom_file_unkept on dagsmith.xcom_file (created_at) where state <> 'kept';

alter table dagsmith.xcom
  alter column value drop not null,
  add column file text,
  add check ((value is null) = (file is not null));

-- A value goes in many ways: its try is cleared, it is pushed anew, its run is deleted. None of them may leave its file behind.
create function dagsmith.follow_xcom_file() returns trigger language plpgsql as $body$
begin
  if tg_op <> 'INSERT' then update dagsmith.xcom_file set state = 'released' where name = old.file; end if;
  if tg_op <> 'DELETE' then update dagsmith.xcom_file set state = 'kept' where name = new.file; end if;
  return null;
end
$body$;
create trigger xcom_file_inserted after insert on dagsmith.xcom
  for each row when (new.file is not null) execute function dagsmith.follow_xcom_file();
create trigger xcom_file_updated after update on dagsmith.xcom
  for each row when (old.file is distinct from new.file) execute function dagsmith.follow_xcom_file();
create trigger xcom_file_deleted after delete on dagsmith.xcom
  for each row when (old.file is not null) execute function dagsmith.follow_xcom_file();
`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
drop trigger xcom_file_inserted on dagsmith.xcom;
drop trigger xcom_file_updated on dagsmith.xcom;
drop trigger xcom_file_deleted on dagsmith.xcom;
drop function dagsmith.follow_xcom_file();
delete from dagsmith.xcom where file is not null;
alter table dagsmith.xcom drop column file, alter column value set not null;
drop table dagsmith.xcom_file;
`);
}
