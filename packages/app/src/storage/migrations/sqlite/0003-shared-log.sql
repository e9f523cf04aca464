-- Several servers append to one log. What keeps them apart is the lock of the head
-- and its size, not an owner's epoch.
alter table log_head drop column epoch;
