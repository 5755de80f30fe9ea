//! The names that fields of clickstreams usually have.
//!
//! Only the letters and digits of a name matter, and not their case. Of a nested field, the last name alone or with those before
//! it has to match: `context.page.url` is also known as `url` and `page.url`.

/// A field of a click, or what enrichment takes it from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// The id of the event.
    ClickId,
    /// The user.
    User,
    /// The time.
    Time,
    /// The url.
    Url,
    /// The country.
    Country,
    /// The city.
    City,
    /// The browser.
    Browser,
    /// The operating system.
    Os,
    /// The class of device.
    Device,
    /// The address of the visitor.
    Ip,
    /// The user agent of the visitor.
    Agent,
}

impl Target {
    /// Every target, in the order of the settings.
    pub const ALL: [Self; 11] = [
        Self::ClickId,
        Self::User,
        Self::Time,
        Self::Url,
        Self::Country,
        Self::City,
        Self::Browser,
        Self::Os,
        Self::Device,
        Self::Ip,
        Self::Agent,
    ];

    /// The name of its setting in `[events]`.
    pub const fn setting(self) -> &'static str {
        match self {
            Self::ClickId => "click_id",
            Self::User => "user_id",
            Self::Time => "timestamp",
            Self::Url => "url",
            Self::Country => "country",
            Self::City => "city",
            Self::Browser => "browser",
            Self::Os => "os",
            Self::Device => "device",
            Self::Ip => "ip",
            Self::Agent => "user_agent",
        }
    }

    /// Usual names, the best first.
    const fn names(self) -> &'static [&'static str] {
        match self {
            Self::ClickId => &[
                "clickid",
                "eventid",
                "messageid",
                "hitid",
                "requestid",
                "rowkey",
                "eventuuid",
                "insertid",
                "uuid",
                "guid",
                "pageviewid",
                "id",
            ],
            Self::User => &[
                "userid",
                "uid",
                "visitorid",
                "clientid",
                "customerid",
                "accountid",
                "memberid",
                "distinctid",
                "userpseudoid",
                "anonymousid",
                "anonid",
                "domainuserid",
                "networkuserid",
                "cookieid",
                "personid",
                "profileid",
                "user",
                "username",
                "visitor",
                "customer",
                "client",
                "userhash",
                "deviceid",
                "sessionid",
                "usersession",
                "session",
                "sid",
            ],
            Self::Time => &[
                "timestamp",
                "eventtime",
                "eventtimestamp",
                "time",
                "ts",
                "datetime",
                "occurredat",
                "clicktime",
                "viewtime",
                "hittime",
                "requesttime",
                "visittime",
                "timeiso8601",
                "timelocal",
                "starttime",
                "logtime",
                "servertime",
                "createdat",
                "createdtime",
                "eventdate",
                "originaltimestamp",
                "collectortstamp",
                "receivedat",
                "sentat",
                "startutc",
                "msec",
                "date",
                "at",
            ],
            Self::Url => &[
                "url",
                "pageurl",
                "currenturl",
                "pagelocation",
                "requesturl",
                "requesturi",
                "uri",
                "pagepath",
                "requestpath",
                "path",
                "fullurl",
                "documentlocation",
                "documenturl",
                "csuristem",
                "page",
                "href",
                "request",
                "location",
                "link",
                "pagename",
                "screenname",
                "screen",
                "resource",
            ],
            Self::Country => &[
                "country",
                "countrycode",
                "geocountry",
                "geocountrycode",
                "geoipcountrycode",
                "countryiso",
                "countryisocode",
                "geoipcountry",
                "geocountryname",
                "countryname",
                "isocountry",
                "usercountry",
            ],
            Self::City => &["city", "geocity", "cityname", "geoipcity", "geoipcityname", "town", "usercity"],
            Self::Browser => &["browser", "browsername", "browserfamily", "brfamily", "brname", "uafamily", "uaname"],
            Self::Os => &["os", "osname", "operatingsystem", "operatingsystemname", "osfamily", "uaos", "platform"],
            Self::Device => {
                &["device", "devicetype", "devicecategory", "deviceclass", "dvcetype", "devicekind", "formfactor"]
            }
            Self::Ip => &[
                "ip",
                "ipaddress",
                "clientip",
                "remoteaddr",
                "remoteip",
                "ipaddr",
                "useripaddress",
                "userip",
                "visitip",
                "visitorip",
                "requestip",
                "clientaddress",
                "clienthost",
                "remotehost",
                "cip",
                "sourceip",
                "xforwardedfor",
            ],
            Self::Agent => &[
                "useragent",
                "httpuseragent",
                "ua",
                "agent",
                "rawuseragent",
                "csuseragent",
                "requestuseragent",
                "browseragent",
            ],
        }
    }

    /// Words that say that a field is another one of its kind: not this page's url, but that of the page before.
    const fn others(self) -> &'static [&'static str] {
        match self {
            Self::Url => &[
                "refer", "refr", "prev", "image", "img", "avatar", "logo", "icon", "next", "landing", "exit", "target",
            ],
            Self::Time => &[
                "first", "last", "prev", "birth", "signup", "expire", "duration", "spent", "zone", "load", "updated",
                "elapsed", "offset", "etl", "dvce", "loaded", "inserted",
            ],
            Self::User => &["agent", "type", "age", "role", "tier", "segment", "count", "name"],
            Self::ClickId => &[],
            Self::Country | Self::City => &["ship", "bill", "origin", "dest"],
            _ => &[],
        }
    }
}

/// How well the name of a field fits a target: from 1, the best, down to 0, not at all.
pub fn fit(target: Target, label: &str) -> f64 {
    let parts = parts(label);
    let joined: Vec<String> = (0..parts.len()).map(|from| parts.get(from..).unwrap_or_default().concat()).collect();
    let names = target.names();
    let best = joined.iter().filter_map(|joined| names.iter().position(|name| name == joined)).min();
    let Some(best) = best else { return 0.0 };
    // A short name says enough only where it stands alone: `product.id` is no id of an event.
    let name = names.get(best).copied().unwrap_or_default();
    let is_alone = parts.len() == 1 || !ALONE.contains(&name);
    // A word that is a part of the matching name says nothing against it.
    let whole = parts.concat();
    if !is_alone || target.others().iter().any(|other| whole.contains(other) && !name.contains(other)) {
        return 0.0;
    }
    let rank = best as f64 / names.len() as f64;
    // Of two fields that fit alike, the one that lies less deep.
    (1.0 - 0.7 * rank - 0.02 * (parts.len().min(10) as f64 - 1.0)).max(0.05)
}

/// Whether the name of a field says that it is another one of the kind of `target`.
pub fn is_other(target: Target, label: &str) -> bool {
    let whole = parts(label).concat();
    target.others().iter().any(|other| whole.contains(other))
}

/// Names that fit only a field that is not nested.
const ALONE: [&str; 5] = ["id", "uuid", "guid", "at", "sid"];

/// The names of a path, each reduced to its letters and digits in lower case.
fn parts(label: &str) -> Vec<String> {
    let parts = label.split(['.', '[', ']', '"']).map(|part| {
        let part = part.strip_prefix("key=").or_else(|| part.strip_prefix("name=")).unwrap_or(part);
        part.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>()
    });
    // What lists of names and values call their values is no name of the field.
    let values = ["value", "stringvalue", "intvalue", "0"];
    parts.filter(|part| !part.is_empty() && !values.contains(&part.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_names_fit_in_every_spelling_and_depth() {
        for (target, labels) in [
            (Target::User, &["user_id", "userId", "User ID", "context.traits.userId", "uid", "distinct_id"] as &[_]),
            (Target::Time, &["ts", "@timestamp", "event_time", "time_local", "eventTimestamp"]),
            (
                Target::Url,
                &["url", "context.page.url", "event_params[key=page_location].value.string_value", "request_uri"],
            ),
            (Target::Ip, &["client_ip", "c-ip", "request.remote_ip", "remote_addr"]),
            (Target::Agent, &["cs(User-Agent)", "http_user_agent", "request.headers.User-Agent[0]"]),
            (Target::ClickId, &["id", "messageId", "event-id"]),
        ] {
            for label in labels {
                assert!(fit(target, label) > 0.0, "{target:?} {label}");
            }
        }
    }

    #[test]
    fn what_only_sounds_like_it_does_not_fit() {
        for (target, labels) in [
            (Target::Url, &["referrer_url", "context.page.referrer", "image_url", "product_id", "temperature"] as &[_]),
            (Target::Time, &["first_visit_time", "time_zone", "time_spent", "updated_at", "humidity"]),
            (Target::User, &["user_agent", "user_type", "sensor_id", "product_id", "category_id"]),
            (Target::Country, &["shipping.country", "currency"]),
        ] {
            for label in labels {
                assert_eq!(fit(target, label), 0.0, "{target:?} {label}");
            }
        }
        assert!(fit(Target::User, "user_id") > fit(Target::User, "session_id"));
        assert!(fit(Target::Url, "context.page.url") > fit(Target::Url, "context.page.path"));
    }
}
