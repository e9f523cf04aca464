-- What the gate asks, what an emergency may not outlive, and what was seen running.
-- Views: they are made again from the entries when the rules' version changes.
alter table record add column mode text;
alter table record add column opener text not null default '';
alter table record add column overdue integer not null default 0;
alter table record add column target_digest text not null default '';
alter table record add column undone_digest text;

create index record_overdue on record (log_id, opener, service) where overdue = 1;
create index record_grant on record (log_id, service, environment, target_digest) where status = 'authorised';
create index record_undone on record (log_id, service, environment, undone_digest, year, number) where undone_digest is not null;

-- What was observed running in a service and environment, by SHA-256 of its identity.
create table seen_running (
  log_id integer not null,
  service text not null,
  environment text not null,
  digest text not null,
  -- The first entry that said so.
  idx integer not null,
  primary key (log_id, service, environment, digest)
) strict, without rowid;
