{{clicks}}
LEFT JOIN (SELECT agent AS agent_known, browser AS agent_browser, os AS agent_os, device AS agent_device, is_bot AS agent_is_bot
  FROM delta.`{{root}}/agents` WHERE agent IS NOT NULL) ON agent = agent_known
