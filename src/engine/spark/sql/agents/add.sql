-- Adds user agents that are not in the table. The row without agent says up to which version of the clicks the table has all of them.
MERGE INTO delta.`{{root}}/agents` a USING {{view}} n ON a.agent <=> n.agent
WHEN MATCHED AND n.agent IS NULL AND n.version > a.version THEN UPDATE SET version = n.version
WHEN NOT MATCHED THEN INSERT (agent, browser, os, device, is_bot, version) VALUES (n.agent, n.browser, n.os, n.device, n.is_bot, n.version)
