-- What people look for in the list of records: what is mandatory and has not run yet, and what is
-- no ordinary rollback. Views: they are made again from the entries.
alter table record add column mandatory integer not null default 0;

create index record_mandatory on record (log_id, year, number) where mandatory = 1;
create index record_mode on record (log_id, mode, year, number) where mode is not null;
