-- Views over the ledger (all rebuilt from its entries), the openings that are
-- kept beside it, and what audits of repositories found.

-- Who may speak: the state of the registry stream. `fold` is the version of the
-- rules that all views of the log were made with; with another they are rebuilt.
create table registry (
  log_id integer not null primary key references log (log_id),
  idx integer not null,
  fold integer not null,
  state text not null
) strict;

-- One row a record; `state` is the fold of its entries, the rest is for finding it.
create table record (
  log_id integer not null,
  year integer not null,
  number integer not null,
  id text not null,
  uid text not null,
  status text not null,
  kind text not null,
  service text not null,
  environment text not null,
  reason text not null,
  target text not null,
  proposer text not null,
  proposed_at text not null,
  changed_at text not null,
  due_at text,
  idx integer not null,
  state text not null,
  primary key (log_id, year, number)
) strict;

create unique index record_id on record (log_id, id);
create unique index record_uid on record (log_id, uid);
create index record_status on record (log_id, status, year, number);
create index record_service on record (log_id, service, environment, year, number);
create index record_due on record (log_id, due_at) where due_at is not null;

-- One row an entry: which stream it is of and which statement it holds.
create table record_entry (
  log_id integer not null,
  idx integer not null,
  stream text not null,
  type text not null,
  statement text not null,
  payload_digest text not null,
  actor text not null,
  occurred_at text not null,
  primary key (log_id, idx)
) strict;

create unique index record_entry_statement on record_entry (log_id, statement);
create index record_entry_stream on record_entry (log_id, stream, idx);

-- Texts behind commitments. Not a view: what is deleted here is gone.
create table opening (
  log_id integer not null,
  commitment text not null,
  idx integer not null,
  salt text not null,
  value text not null,
  primary key (log_id, commitment)
) strict;

create index opening_entry on opening (log_id, idx);

-- What an audit of a repository found; found again by another audit.
create table audit (
  repository text not null primary key,
  head text not null,
  finished_at text not null,
  commits integer not null,
  reversals integer not null,
  unknowns text not null
) strict;

create table reversal (
  repository text not null references audit (repository),
  commit_id text not null,
  committed_at text not null,
  finding text not null,
  primary key (repository, commit_id)
) strict;

create index reversal_time on reversal (committed_at, repository, commit_id);
