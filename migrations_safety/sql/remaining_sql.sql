-- read_only: whether new transactions of this session only read
SELECT set_config('default_transaction_read_only', %(value)s, false)
