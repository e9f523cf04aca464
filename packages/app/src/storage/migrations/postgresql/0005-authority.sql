-- What the gate asks, what an emergency may not outlive, and what was seen running.
-- Views: they are made again from the entries when the rules' version changes.
alter table record add column mode text collate "C";
alter table record add column opener text collate "C" not null default '';
alter table record add column overdue bigint not null default 0;
alter table record add column target_digest text collate "C" not null default '';
alter table record add column undone_digest text collate "C";

create index record_overdue on record (log_id, opener, service) where overdue = 1;
create index record_grant on record (log_id, service, environment, target_digest) where status = 'authorised';
create index record_undone on record (log_id, service, environment, undone_digest, year, number) where undone_digest is not null;

-- What was observed running in a service and environment, by SHA-256 of its identity.
create table seen_running (
  log_id bigint not null,
  service text collate "C" not null,
  environment text collate "C" not null,
  digest text collate "C" not null,
  -- The first entry that said so.
  idx bigint not null,
  primary key (log_id, service, environment, digest)
);
