-- drop_trigger: ends that
DROP TRIGGER IF EXISTS {trigger} ON {table}

-- drop_function: ends that
DROP FUNCTION IF EXISTS {function}()
