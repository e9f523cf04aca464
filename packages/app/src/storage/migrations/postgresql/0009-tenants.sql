-- Several logs in one database: what is beside a ledger belongs to its log, too;
-- 0 is before there is one.
alter table login_session add column log_id bigint not null default 0;
alter table login_once add column log_id bigint not null default 0;
alter table api_token add column log_id bigint not null default 0;
update login_session set log_id = coalesce((select min(log.log_id) from log), 0);
update login_once set log_id = coalesce((select min(log.log_id) from log), 0);
update api_token set log_id = coalesce((select min(log.log_id) from log), 0);

drop index login_session_holder;
create index login_session_holder on login_session (log_id, holder, created_at);
drop index api_token_person;
create index api_token_person on api_token (log_id, person, created_at);
create index login_once_kind on login_once (log_id, kind, created_at);

alter table reversal rename to reversal_before;
alter table audit rename to audit_before;
drop index reversal_time;

create table audit (
  log_id bigint not null,
  repository text collate "C" not null,
  head text collate "C" not null,
  finished_at text collate "C" not null,
  commits bigint not null,
  reversals bigint not null,
  unknowns text collate "C" not null,
  primary key (log_id, repository)
);

create table reversal (
  log_id bigint not null,
  repository text collate "C" not null,
  commit_id text collate "C" not null,
  committed_at text collate "C" not null,
  finding text collate "C" not null,
  primary key (log_id, repository, commit_id)
);

insert into audit (log_id, repository, head, finished_at, commits, reversals, unknowns)
  select coalesce((select min(log.log_id) from log), 0), repository, head, finished_at, commits, reversals, unknowns
  from audit_before;
insert into reversal (log_id, repository, commit_id, committed_at, finding)
  select coalesce((select min(log.log_id) from log), 0), repository, commit_id, committed_at, finding
  from reversal_before;
drop table reversal_before;
drop table audit_before;

create index reversal_time on reversal (log_id, committed_at, repository, commit_id);
