"""What the tests share: servers, commands as processes, snapshots of catalogs and rows, other sessions."""
