-- leave_mark: a setting of the session, to see whether it holds
SELECT set_config('migrations_safety.mark', %(mark)s, false)

-- mark: what was left there
SELECT current_setting('migrations_safety.mark', true)
