//! Which events a storm consists of, and the order in which each queue gets them.

use std::collections::VecDeque;

use crate::event::{Event, Flaw, ORDER_FLAWS, STATE_FLAWS};
use crate::random::Random;

/// All events, and for each queue the numbers of its messages in the order of sending. A number may come twice.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) events: Vec<Event>,
    pub(crate) orders: Vec<u32>,
    pub(crate) claims: Vec<u32>,
    pub(crate) states: Vec<u32>,
}

/// Message groups that get messages side by side.
const ACTIVE_GROUPS: u32 = 150;
/// Messages of a group, on average.
const GROUP_LENGTH: u32 = 20;
/// Messages that may lie between two copies of one.
const RECENT: u32 = 500;

/// Draws a plan.
struct Planner {
    plan: Plan,
    random: Random,
    /// Numbers of orders that payments may refer to.
    orders: Vec<u32>,
    /// Orders that are sent later than their payments: when, as a length of the list, and the number.
    late: VecDeque<(usize, u32)>,
    /// The groups that are active, each with its next step.
    groups: Vec<(u32, u32)>,
    next_group: u32,
}

impl Plan {
    /// The plan of a seed.
    pub(crate) fn draw(seed: u64, messages: u32) -> Self {
        let mut planner = Planner {
            plan: Self::default(),
            random: Random::new(seed, 0),
            orders: Vec::new(),
            late: VecDeque::new(),
            groups: Vec::new(),
            next_group: 0,
        };
        while planner.plan.events.len() < messages as usize {
            planner.add();
        }
        while let Some((_, order)) = planner.late.pop_front() {
            planner.plan.orders.push(order);
        }
        planner.plan
    }

    /// Messages of all queues.
    pub(crate) fn len(&self) -> usize {
        self.orders.len() + self.claims.len() + self.states.len()
    }
}

impl Planner {
    fn add(&mut self) {
        match self.random.below(1000) {
            0..350 => self.order(),
            350..500 => self.payment(),
            500..600 => self.send_order_event(Event::Reading),
            600..630 => self.repeat(),
            630..655 => self.flawed_order(),
            655..720 => self.claim(Event::Claim),
            720..724 => self.contested(),
            _ => self.state(),
        }
        while self.late.front().is_some_and(|(due, _)| *due <= self.plan.orders.len()) {
            let (_, order) = self.late.pop_front().expect("it is there");
            self.plan.orders.push(order);
        }
    }

    fn number(&mut self, event: Event) -> u32 {
        self.plan.events.push(event);
        u32::try_from(self.plan.events.len() - 1).expect("fewer than four billion events")
    }

    fn send_order_event(&mut self, event: Event) {
        let number = self.number(event);
        self.plan.orders.push(number);
    }

    fn order(&mut self) {
        self.send_order_event(Event::Order);
        self.orders.push(*self.plan.orders.last().expect("just added"));
    }

    /// One payment of fifty comes before its order.
    fn payment(&mut self) {
        if self.random.below(50) == 0 {
            let order = self.number(Event::Order);
            self.late.push_back((self.plan.orders.len() + 300, order));
            self.send_order_event(Event::Payment { order });
        } else if let Some(order) = recent(&self.orders, &mut self.random) {
            self.send_order_event(Event::Payment { order });
        } else {
            self.order();
        }
    }

    /// Sends an event again, as another message with the same body.
    fn repeat(&mut self) {
        match recent(&self.plan.orders, &mut self.random) {
            Some(number) => self.plan.orders.push(number),
            None => self.order(),
        }
    }

    fn flawed_order(&mut self) {
        let flaw = self.random.choose(&ORDER_FLAWS);
        self.send_order_event(Event::FlawedOrder(flaw));
    }

    fn claim(&mut self, event: Event) {
        let number = self.number(event);
        self.plan.claims.push(number);
    }

    fn contested(&mut self) {
        let key = u32::try_from(self.plan.events.len()).expect("fewer than four billion events");
        self.claim(Event::Contested { key });
        self.claim(Event::Contested { key });
    }

    fn state(&mut self) {
        if self.groups.len() < ACTIVE_GROUPS as usize {
            self.groups.push((self.next_group, 0));
            self.next_group += 1;
        }
        let index = self.random.below(u32::try_from(self.groups.len()).expect("a few groups")) as usize;
        let (group, step) = self.groups[index];
        self.groups[index].1 += 1;
        if self.random.below(GROUP_LENGTH) == 0 {
            self.groups.swap_remove(index);
        }
        let flaw: Option<Flaw> = (self.random.below(40) == 0).then(|| self.random.choose(&STATE_FLAWS));
        let number = self.number(match flaw {
            Some(flaw) => Event::FlawedState { group, step, flaw },
            None => Event::State { group, step },
        });
        self.plan.states.push(number);
    }
}

/// One of the latest numbers of a list.
fn recent(list: &[u32], random: &mut Random) -> Option<u32> {
    let reach = u32::try_from(list.len()).unwrap_or(RECENT).min(RECENT);
    (reach > 0).then(|| list[list.len() - 1 - random.below(reach) as usize])
}
