//! Credentials of the page, and signatures that must not show.

use crate::world::{PART, Trouble, World, config};
use crate::{bytes, failure};
use partwise::core::backend::Backend;
use partwise::core::backend::direct::LocalSigner;
use partwise::core::error::Code;
use partwise::core::store::{Bucket, Kind};
use partwise::core::upload::{Input, State};

fn signing_for_itself() -> World {
    let bucket = Bucket {
        endpoint: Some("https://store".into()),
        path_style: true,
        ..Bucket::new(Kind::S3, "b", "r")
    };
    World::with(config(), Backend::Direct(Kind::S3), Some(LocalSigner::new(bucket)))
}

#[test]
fn no_message_holds_a_signature() {
    let secret = "403 for https://store/a?X-Amz-Signature=5ec2e7 (denied)";
    for (to, trouble) in [("sign", Trouble::Throws(secret)), ("PUT", Trouble::Reply(400, secret))] {
        let mut world = World::new();
        world.remote_signing = true;
        world.trouble(to, 99, trouble);
        world.add("a", bytes(3 * PART));
        world.run();
        let told = format!("{:?}", world.events);
        assert!(told.contains("403 for https://store/a… (denied)"), "{told}");
        assert!(!told.contains("5ec2e7"));
    }
}

#[test]
fn credentials_that_never_come_are_asked_for_again() {
    let mut world = signing_for_itself();
    world.trouble("credentials", 2, Trouble::Silence);
    let id = world.add("a", bytes(3 * PART));
    world.run();
    assert_eq!((world.state(id), world.signed_with.len()), (State::Done, 3));
}

#[test]
fn credentials_that_are_refused_fail_the_upload_and_resume_asks_again() {
    let mut world = signing_for_itself();
    world.trouble("credentials", 5, Trouble::Throws("signed out"));
    let id = world.add("a", bytes(3 * PART));
    world.run();
    assert_eq!((world.state(id), failure(&world)), (State::Failed, Code::Backend));
    world.tell(id, Input::Resume);
    world.run();
    assert_eq!(world.state(id), State::Done);
}

#[test]
fn credentials_are_asked_for_once_for_all_that_wait() {
    let mut world = signing_for_itself();
    for name in ["a", "b", "c"] {
        world.add(name, bytes(3 * PART));
    }
    world.run();
    assert_eq!(world.signed_with, ["fetch"]);
    assert_eq!(world.store.objects.len(), 3);
}

#[test]
fn credentials_that_the_store_refuses_without_a_reason_are_asked_for_again() {
    let mut world = signing_for_itself();
    world.trouble("PUT 2", 1, Trouble::Reply(403, "AccessDenied"));
    let id = world.add("a", bytes(3 * PART));
    world.run();
    assert_eq!((world.state(id), world.signed_with.len()), (State::Done, 2));
}

#[test]
fn credentials_that_the_store_calls_expired_are_asked_for_again() {
    let mut world = signing_for_itself();
    world.trouble("PUT 2", 1, Trouble::Reply(403, "ExpiredToken"));
    let id = world.add("a", bytes(3 * PART));
    world.run();
    assert_eq!((world.state(id), world.signed_with.len()), (State::Done, 2));
}
